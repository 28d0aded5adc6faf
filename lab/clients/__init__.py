"""What honest people and programs do, one file for each sort; `lab.clients.catalog` has all."""
