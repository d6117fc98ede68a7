"""The web pages: server-rendered, the only service that the public reaches; everything it shows comes from the api."""
