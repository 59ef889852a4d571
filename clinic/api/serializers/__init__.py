"""What goes in and out of the API. Serializers validate shape; services hold the rules and write."""
