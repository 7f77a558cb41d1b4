import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { STATE_FOLDERS } from './client.ts'
import { type Context, clientOf } from './context.ts'
import { CommandFailed } from './errors.ts'

export function backupCommands(program: Command, context: Context): void {
  program
    .command('backup <file>')
    .description('save a copy of the inventory, leases and history included, while the daemon runs')
    .addHelpText('after', '\nThe files of images are not in it: the other instance has them, or `image import`.')
    .action(async (file: string, _options: object, command: Command) => {
      if (existsSync(file)) throw new CommandFailed(`${file} is there already: it is left as it is`)
      const part = `${file}.part`
      try {
        const bytes = await clientOf(command, context).save('/backup', part)
        await rename(part, file)
        context.output.line(`${file}: ${bytes} bytes`)
      } finally {
        await rm(part, { force: true })
      }
    })

  program
    .command('restore <file>')
    .description('put a backup in the place of the inventory, while the daemon is stopped')
    .addHelpText(
      'after',
      '\nIn a pair the other instance knows what was written since: this one gets that when it is started.'
    )
    .action(async (file: string, _options: object, command: Command) => {
      const { state = usualFolder() } = command.optsWithGlobals<{ state?: string }>()
      const { restore, RestoreError } = await import('../restore.ts')
      try {
        const { machines, leases, before } = restore(file, state)
        const moved = before === undefined ? '' : `; what was there is ${before}`
        context.output.line(`${machines} machines and ${leases} leases are in ${state}${moved}`)
      } catch (error) {
        if (error instanceof RestoreError) throw new CommandFailed(error.message)
        throw error
      }
    })
}

function usualFolder(): string {
  return STATE_FOLDERS.find((each) => existsSync(join(each, 'tandem.sqlite'))) ?? (STATE_FOLDERS[0] as string)
}
