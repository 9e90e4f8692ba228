"""What the service and the lab share: bodies of bounded size, and refusals that say why."""
