/** The provider's models; it accepts any other name as well. */
export const MODELS = ['demo-small', 'demo-large', 'o4-mini-demo'].map((id) => ({
  id,
  object: 'model',
  created: 1_790_000_000,
  owned_by: 'streamkeeper-demo',
}))
