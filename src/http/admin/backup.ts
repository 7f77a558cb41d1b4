import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { backUp, backupName } from '../../inventory/backup.ts'
import type { AdminApp } from './app.ts'
import type { AdminOptions } from './server.ts'

/** `/backup`: a copy of the inventory, leases and history included, as an SQLite file for `tandem restore`. */
export function backupRoutes(app: AdminApp, { database }: AdminOptions): void {
  app.get('/backup', { schema: { tags: ['backup'] } }, async (_request, reply) => {
    const file = backupName(database)
    await backUp(database, file)
    const content = createReadStream(file)
    // What is open can be read to its end.
    content.on('open', () => void rm(file, { force: true }))
    return reply
      .type('application/vnd.sqlite3')
      .header('content-disposition', 'attachment; filename="tandem.backup"')
      .send(content)
  })
}
