DROP INDEX live_bulk;
