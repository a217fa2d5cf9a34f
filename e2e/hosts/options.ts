/** What the apps' own workers give `keepStreams`. Relative to the scope, which is the origin's root. */
export const options = { chat: ['v1/chat/completions'], saves: ['api/sessions/:session/messages'] }
