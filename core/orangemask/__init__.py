"""Orangemask: scans of colour negatives into finished positives, by nine numbers."""
