/** A page between a browser and the API, as in a hotel or after a session has ended. */
export const LOGIN_PAGE = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Sign in</title></head>
  <body>
    <h1>Sign in to continue</h1>
    <form><label>Name <input name="name"></label> <button>Sign in</button></form>
  </body>
</html>
`
