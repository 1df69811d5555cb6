/**
 * better-sqlite3 13 is built for N-API 10: on an older Node it ends the process with a segmentation fault and no
 * message. Imported for its effect before anything native is loaded.
 */
if (Number(process.versions.napi) < 10) {
  console.error(
    `Vestibule needs Node 24 or newer, this is ${process.version}. Start it through scripts/start or scripts/vestibule, which bring their own.`,
  );
  process.exit(78);
}

export {};
