/* Stops one thread of a process for as long as this program lives: hang PID THREAD-NAME. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char path[300], name[32];
    int stopped = 0;
    if (argc != 3)
        return 64;
    snprintf(path, sizeof path, "/proc/%s/task", argv[1]);
    DIR *tasks = opendir(path);
    if (!tasks)
        return 66;
    for (struct dirent *task; (task = readdir(tasks));) {
        snprintf(path, sizeof path, "/proc/%s/task/%s/comm", argv[1], task->d_name);
        FILE *comm = fopen(path, "r");
        if (!comm)
            continue;
        char *found = fgets(name, sizeof name, comm);
        fclose(comm);
        if (!found)
            continue;
        name[strcspn(name, "\n")] = 0;
        if (strcmp(name, argv[2]))
            continue;
        pid_t thread = atoi(task->d_name);
        if (ptrace(PTRACE_SEIZE, thread, 0, 0) || ptrace(PTRACE_INTERRUPT, thread, 0, 0))
            return perror("ptrace"), 71;
        waitpid(thread, 0, __WALL);
        stopped++;
    }
    printf("%d stopped\n", stopped);
    fflush(stdout);
    if (!stopped)
        return 66;
    /* A stop that comes back (a signal, another thread's exit) is left standing. */
    for (;;)
        pause();
}
