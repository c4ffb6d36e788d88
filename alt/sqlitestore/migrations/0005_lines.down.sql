DROP TABLE secrets;
DROP TABLE lines;
