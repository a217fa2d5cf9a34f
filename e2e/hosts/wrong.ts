// An app's worker with a mistake in its options.
import { keepStreams } from '../../sw/index.ts'

keepStreams({ timeouts: { headersMs: -1 } })
