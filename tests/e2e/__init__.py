"""End-to-end tests: real services, real kernel, real collector. ctest -L e2e runs them; see CMakeLists.txt."""
