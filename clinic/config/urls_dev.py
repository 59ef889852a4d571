"""The addresses of `make dev`: all of the product's, and the debug toolbar's."""

from debug_toolbar.toolbar import debug_toolbar_urls

from clinic.config.urls import urlpatterns as addresses

urlpatterns = [*addresses, *debug_toolbar_urls()]
