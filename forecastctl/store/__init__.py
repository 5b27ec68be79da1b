"""Where runs are kept: the port, the filters, and a store in memory."""
