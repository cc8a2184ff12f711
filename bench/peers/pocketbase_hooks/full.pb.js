// PocketBase opens SQLite with synchronous=NORMAL, which answers before the disk has it. It writes over one connection.
onBootstrap((e) => {
    e.next();
    e.app.nonconcurrentDB().newQuery("PRAGMA synchronous = FULL").execute();
});
