import { playMany } from './play-many.ts'

// In two files, which AVA runs at the same time.
playMany(2501, 2500)
