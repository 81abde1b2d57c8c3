namespace Torchyard.CommandLine;

/// <summary>Exit statuses of the program. Verbs that run a program for the user pass that program's own status through.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The thing asked for failed or was found broken.</summary>
    public const int Failed = 1;

    /// <summary>The command line or a file the user wrote is wrong.</summary>
    public const int Usage = 2;

    /// <summary>
    /// As docker has it: a verb that runs a program of the user failed itself, so that its status is told from the program's.
    /// </summary>
    public const int OwnFailure = 125;

    /// <summary>Ended by a signal: 128 + its number, as shells count.</summary>
    public static int OfSignal(int number) => 128 + number;
}
