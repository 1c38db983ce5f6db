"""Settings, the check of the token, and the application of the project."""
import os

SECRET_KEY = "peer"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "directory.urls"
USE_TZ = True
AUTH_USER_MODEL = "directory.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "peer.sqlite3", "OPTIONS": {"timeout": 30}}
}
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "directory", "django_scim"]
MIDDLEWARE = ["directory.settings.bearer", "django_scim.middleware.SCIMAuthCheckMiddleware"]
SCIM_SERVICE_PROVIDER = {
    "NETLOC": f"127.0.0.1:{os.environ['PEER_PORT']}",
    "SCHEME": "http",
    "GROUP_MODEL": "directory.models.Group",
    "AUTHENTICATION_SCHEMES": [
        {"type": "oauthbearertoken", "name": "Bearer", "description": "A bearer token", "specUri": ""}
    ],
    "WWW_AUTHENTICATE_HEADER": 'Bearer realm="peer"',
}


def bearer(get_response):
    """Lets the one known token in, as a client that is signed in."""
    from django.contrib.auth.models import AnonymousUser

    class Client(AnonymousUser):
        is_authenticated = True
        is_anonymous = False

    def middleware(request):
        known = request.headers.get("Authorization") == f"Bearer {os.environ['PEER_TOKEN']}"
        request.user = Client() if known else AnonymousUser()
        return get_response(request)

    return middleware
