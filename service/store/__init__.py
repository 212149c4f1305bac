"""What is kept: keys, feedback, jobs and deliveries, in SQLite or PostgreSQL."""
