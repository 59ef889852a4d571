"""The API's views: validate, call a service or a selector, answer."""
