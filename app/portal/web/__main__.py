"""`python -m portal.web`"""

from portal import logs, settings
from portal.serving import Readiness, serve
from portal.web.application import create

config = settings.load(settings.Web.read)
logs.configure("web")
readiness = Readiness()
serve(create(config, readiness), config.port, readiness, config.drain)
