import { workerData } from 'node:worker_threads'
import { connect } from './database.ts'

/** The thread that writes a backup (backup.ts). SQLite reads one state of the database throughout, and fills an empty file. */

const { database, file } = workerData as { database: string; file: string }
const db = connect(database)
db.prepare('VACUUM INTO ?').run(file)
db.close()
