"""`python -m portal.api`"""

from portal import logs, settings
from portal.api.application import create
from portal.serving import Readiness, serve

config = settings.load(settings.Api.read)
logs.configure("api")
readiness = Readiness()
serve(create(config, readiness), config.port, readiness, config.drain)
