// Loaded for what it does (see `hosts.cjs` beside): there is nothing to import.
export {};
