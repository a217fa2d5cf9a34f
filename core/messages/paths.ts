/** What the worker serves itself lies here. */
export const OWN_PATHS = '/__streamkeeper/'

/** Where the worker serves answers again, to fetches of its own origin. */
export const STREAMS_PATH = `${OWN_PATHS}streams`

/** A fetch of it does not end while there is work: as long as a page reads it the browser keeps the worker. */
export const AWAKE_PATH = `${OWN_PATHS}awake`

/** Whatever is sent there, the worker answers with its protocol: then nobody before it takes the page's requests. */
export const HELLO_PATH = `${OWN_PATHS}hello`
export const PROTOCOL_HEADER = 'X-Streamkeeper-Protocol'

/** How many bytes at the start of a response are ours, sent so that the page does not give up; the rest is the upstream's. */
export const HEARTBEAT_HEADER = 'X-Streamkeeper-Heartbeat'
