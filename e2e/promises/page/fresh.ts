/** The token that the API takes; any other one has run out. */
export const FRESH = { Authorization: 'Bearer fresh' }
