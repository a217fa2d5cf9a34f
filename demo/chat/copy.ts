import { announce } from '../page/announce.ts'
import { notify } from '../page/notices.ts'

/** Puts a text on the clipboard; resolves with whether that worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    announce('Copied')
    return true
  } catch {
    notify('The browser did not allow copying')
    return false
  }
}
