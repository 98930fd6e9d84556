/** Shares tasks out to as many threads as there are cores; the order of results is that of the tasks. */
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Task, TaskResult } from './task.ts'

/**
 * @param done told of each task as it ends
 * @throws what a task throws
 */
export async function performAll(
  tasks: readonly Task[],
  done: (task: Task, result: TaskResult) => void,
): Promise<readonly TaskResult[]> {
  const results = new Array<TaskResult>(tasks.length)
  let next = 0
  const work = async (): Promise<void> => {
    const worker = new Worker(fileURLToPath(import.meta.resolve('./worker.ts')))
    try {
      while (next < tasks.length) {
        const at = next++
        const task = tasks[at] as Task
        const result = await answer(worker, task)
        results[at] = result
        done(task, result)
      }
    } finally {
      await worker.terminate()
    }
  }
  const threads = Math.min(availableParallelism(), tasks.length)
  await Promise.all(Array.from({ length: threads }, work))
  return results
}

function answer(worker: Worker, task: Task): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(
        new Error(`${JSON.stringify(task)} failed: ${cause instanceof Error ? cause.message : cause}`, {
          cause,
        }),
      )
    worker.once('error', fail)
    worker.once('message', (result: TaskResult) => {
      worker.off('error', fail)
      resolve(result)
    })
    worker.postMessage(task)
  })
}
