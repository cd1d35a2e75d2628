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
        /* Some threads live only as long as one question to the resolver. */
        if (ptrace(PTRACE_SEIZE, thread, 0, 0) || ptrace(PTRACE_INTERRUPT, thread, 0, 0))
            continue;
        waitpid(thread, 0, __WALL);
        stopped++;
    }
    printf("%d stopped\n", stopped);
    fflush(stdout);
    if (!stopped)
        return 66;
    /* A stop is left standing. An end is taken note of: until then nobody else learns of it. */
    while (waitpid(-1, 0, __WALL) > 0)
        ;
    return 0;
}
