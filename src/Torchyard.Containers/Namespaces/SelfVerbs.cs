namespace Torchyard.Containers.Namespaces;

/// <summary>The verbs that the program calls itself with; <see cref="SelfProgram"/> is the program.</summary>
internal static class SelfVerbs
{
    /// <summary><c>__enter PLAN PROGRAM ARGUMENTS…</c>: prepares a mount namespace and becomes the program.</summary>
    internal const string Enter = "__enter";

    /// <summary><c>__connect SOCKET</c>: connects sockets inside a network namespace.</summary>
    internal const string Connect = "__connect";

    /// <summary><c>__monitor DIRECTORY attach|detached</c>: watches a container.</summary>
    internal const string Monitor = "__monitor";

    /// <summary><c>__exec DIRECTORY NUMBER PREPARED</c>: watches a program that was left to itself in a container.</summary>
    internal const string Exec = "__exec";

    /// <summary><c>__copy PLAN</c>: copies files between a container and the machine.</summary>
    internal const string Copy = "__copy";

    /// <summary><c>__gpu-use UUID…</c>: prints how much GPUs are used.</summary>
    internal const string GpuUse = "__gpu-use";

    /// <summary>Exit status when a hidden verb itself failed, as docker has it.</summary>
    internal const int Failed = 125;
}
