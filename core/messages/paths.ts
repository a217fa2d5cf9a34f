/** The folder of the paths that the worker serves itself. */
export const OWN_PATHS = '/__streamkeeper/'

/** The path at which the worker serves responses again, to fetches of its own origin. */
export const STREAMS_PATH = `${OWN_PATHS}streams`

/**
 * A fetch of this path does not end while there is work: the browser keeps the worker alive as long as a page reads it.
 */
export const AWAKE_PATH = `${OWN_PATHS}awake`

/**
 * The worker responds to every request to this path with its protocol. That shows the page that no other listener takes
 * its requests.
 */
export const HELLO_PATH = `${OWN_PATHS}hello`
export const PROTOCOL_HEADER = 'X-Streamkeeper-Protocol'

/**
 * A request to this path is a call without a result; the call is in a header, because a body would be read too late. It
 * reaches the worker in the order of the page's other requests; a message does not.
 */
export const CALL_PATH = `${OWN_PATHS}call`
export const CALL_HEADER = 'X-Streamkeeper-Call'

/**
 * The number of bytes at the start of a response that streamkeeper has sent so that the page does not give up; the rest
 * is the upstream's.
 */
export const HEARTBEAT_HEADER = 'X-Streamkeeper-Heartbeat'
