import { playMany } from './play-many.ts'

// In two files, which AVA runs at the same time.
playMany(1, 2500)
