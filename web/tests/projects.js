// Makes the sample projects that files of tests share: at once, as each is little work for more than one core.
import { join } from "node:path";
import { Worker, isMainThread, workerData } from "node:worker_threads";
import { project } from "./project.js";

const { ZKML_COMMAND: command, ZKML_WEB_FILES: files } = process.env;
if (isMainThread) {
  for (const kind of ["digits", "small"]) {
    new Worker(new URL(import.meta.url), { workerData: kind }).on("error", (error) => {
      console.error(error);
      process.exitCode = 1;
    });
  }
} else project(command, join(files, workerData), workerData);
