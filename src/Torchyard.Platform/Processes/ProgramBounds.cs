using Torchyard.Platform.Errors;

namespace Torchyard.Platform.Processes;

/// <summary>
/// How long a program of somebody else is waited for, and how much of what it prints is kept. Every wait has bounds: who gives none gets
/// <see cref="Answer"/>, and what takes longer names the kind of its work. They are far beyond what right programs need, because all that
/// they have to end is a program that never would.
/// </summary>
public sealed record ProgramBounds
{
    private ProgramBounds(TimeSpan time, int output) => (Time, Output) = (time, output);

    /// <summary>A tool that answers at once, such as newuidmap or a client that asks its daemon.</summary>
    public static ProgramBounds Answer { get; } = new(TimeSpan.FromMinutes(5), 16 << 20);

    /// <summary>A login that is tried while a person waits.</summary>
    public static ProgramBounds Login { get; } = new(TimeSpan.FromSeconds(20), 1 << 20);

    /// <summary>A trial of an environment while a person waits: an import of PyTorch and a few steps, from a slow disk too.</summary>
    public static ProgramBounds Trial { get; } = new(TimeSpan.FromMinutes(15), 16 << 20);

    /// <summary>Measurements and proofs on all GPUs of a machine.</summary>
    public static ProgramBounds Proof { get; } = new(TimeSpan.FromHours(1), 64 << 20);

    /// <summary>Work on a whole environment without compilers: bytecode of all modules, imports of all distributions.</summary>
    public static ProgramBounds Environment { get; } = new(TimeSpan.FromHours(1), 16 << 20);

    /// <summary>A copy of much over a slow line, such as a repository or an image.</summary>
    public static ProgramBounds Transfer { get; } = new(TimeSpan.FromHours(12), 256 << 20);

    /// <summary>Configuration of packages and compilation of sources: kernels for GPUs take hours on few cores.</summary>
    public static ProgramBounds Build { get; } = new(TimeSpan.FromHours(48), 16 << 20);

    /// <summary>How long it is waited for.</summary>
    public TimeSpan Time { get; }

    /// <summary>Bytes of its standard output that are kept, and of its standard error.</summary>
    public int Output { get; }

    /// <summary>What to throw for a program that was still running when the time was over.</summary>
    /// <param name="program">What people call it.</param>
    public TorchyardException Expired(string program) =>
        new(
            PlatformCodes.TookTooLong,
            $"{program} had not ended after {Shown(Time)}, and was stopped",
            "run it by hand to see what it waits for, then run the command again"
        );

    /// <summary>What to throw for a program that printed more than is kept.</summary>
    /// <param name="program">What people call it.</param>
    public TorchyardException Overflowed(string program) =>
        new(
            PlatformCodes.PrintedTooMuch,
            $"{program} printed more than {Text.ByteSize.Binary(Output)}, and was stopped",
            "run it by hand to see what it prints, then run the command again"
        );

    /// <summary>Bounds for tests of what happens when they are reached.</summary>
    internal static ProgramBounds Of(TimeSpan time, int output) => new(time, output);

    private static string Shown(TimeSpan time) =>
        time switch
        {
            { TotalHours: >= 2 } => $"{time.TotalHours:0} hours",
            { TotalMinutes: >= 2 } => $"{time.TotalMinutes:0} minutes",
            _ => $"{time.TotalSeconds:0} seconds",
        };
}
