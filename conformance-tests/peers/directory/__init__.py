"""A Django project that is nothing but django-scim2 on users and groups of its own."""
