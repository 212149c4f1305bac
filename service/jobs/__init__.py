"""Tables that are scored in the background: kept in the database, done by a worker, safe against kill -9.

The well-kept job libraries want Redis, RabbitMQ or PostgreSQL alone (Celery, RQ, arq, Dramatiq,
Procrastinate) or SQLite alone (Huey); none holds one queue in SQLite and in PostgreSQL. What is
needed here is small: take the oldest job under a lease, renew the lease, go on where the table was.
"""
