"""What leaves the process of a finished span (redaction, content, size limits), and which traces do."""
