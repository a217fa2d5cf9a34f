import { readdirSync, readFileSync } from 'node:fs'

interface Process {
  pid: number
  parent: number
  command: string
}

/**
 * Kills a whole browser at once, as a power cut would: the process that has this profile, and all of its children.
 *
 * @returns how many processes that were
 */
export function killBrowser(profile: string): number {
  const running = listProcesses()
  const doomed = new Set(
    running.filter(({ command }) => command.includes(`--user-data-dir=${profile}`)).map(({ pid }) => pid),
  )
  for (let size = 0; size < doomed.size;) {
    size = doomed.size
    for (const { pid, parent } of running) if (doomed.has(parent)) doomed.add(pid)
  }
  for (const pid of doomed) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It went with its parent.
    }
  }
  return doomed.size
}

/** [source] https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function listProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        const [, parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return [{ pid: Number(name), parent: Number(parent), command }]
      } catch {
        return [] // It has ended meanwhile.
      }
    })
}
