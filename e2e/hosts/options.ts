/** The options that the apps' own workers pass to `keepStreams`. Relative to the scope, which is the origin's root. */
export const options = { chat: ['v1/chat/completions'], saves: ['api/sessions/:session/messages'] }
