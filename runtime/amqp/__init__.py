"""RabbitMQ for every process: connections, topology, publishing, consuming."""
