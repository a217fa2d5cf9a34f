/** The nearby network that a host is in, as far as its name shows. */
export type Nearness = 'loopback' | 'local'

/** The names of the permission: today's, and that of browsers with one permission for both. */
const PERMISSIONS: Record<Nearness, readonly string[]> = {
  loopback: ['loopback-network', 'local-network-access'],
  local: ['local-network', 'local-network-access'],
}

/**
 * Browsers ask the user before a public site may reach the computer or the network around it, but only for a page's own
 * request, never for a worker's. So such requests are left to the page until they are known to be allowed.
 *
 * [spec] https://wicg.github.io/local-network-access/
 *
 * @param ownUrl where this script comes from
 * @param permissions `navigator.permissions`; a browser without them, or without these, does not ask
 * @returns a function that tells whether a request must be left to the page, now
 */
export function watchLocalNetwork(
  ownUrl: string,
  permissions: Permissions | undefined,
): (url: string) => boolean {
  // Browsers do not ask between nearby hosts.
  if (!permissions || nearnessOf(ownUrl)) return () => false
  const closed = new Set<Nearness>(['loopback', 'local'])

  const watch = async (nearness: Nearness) => {
    const note = ({ state }: PermissionStatus) =>
      state === 'granted' ? closed.delete(nearness) : closed.add(nearness)
    for (const name of PERMISSIONS[nearness]) {
      const status = await permissions.query({ name: name as PermissionName }).catch(() => undefined)
      if (!status) continue // A name that this browser does not know.
      status.addEventListener('change', () => note(status))
      note(status)
      return
    }
    closed.delete(nearness)
  }
  for (const nearness of closed) void watch(nearness)

  return (url) => {
    const nearness = nearnessOf(url)
    return nearness !== undefined && closed.has(nearness)
  }
}

/** `undefined` for a host that is public, or may be. */
export function nearnessOf(url: string): Nearness | undefined {
  const { hostname } = new URL(url)
  if (/(^|\.)localhost$|^127\.|^\[::1\]$/.test(hostname)) return 'loopback'
  return LOCAL.test(hostname) ? 'local' : undefined
}

/** RFC 1918, 3927, 6598 and 4193, link-local IPv6, and names that only multicast DNS knows. */
const LOCAL =
  /^10\.\d+\.\d+\.\d+$|^192\.168\.\d+\.\d+$|^172\.(1[6-9]|2\d|3[01])\.\d+\.\d+$|^169\.254\.\d+\.\d+$|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+$|^\[f[cd][\da-f]{2}:|^\[fe[89ab][\da-f]:|\.local$/
