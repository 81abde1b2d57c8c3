namespace Torchyard.ReleaseFiles;

/// <summary>What is released.</summary>
internal sealed record Release
{
    /// <summary>Version of the program.</summary>
    public required string Version { get; init; }

    /// <summary>Date of the sources; the only time that a file may hold.</summary>
    public required DateTimeOffset Date { get; init; }

    /// <summary>Root of the source tree, built.</summary>
    public required string Sources { get; init; }

    /// <summary>Directory with the published program, its supervisor and its mirror.</summary>
    public required string Program { get; init; }

    /// <summary>Directory of the licence, the copyright file and other documents that travel with the program.</summary>
    public required string Documents { get; init; }

    /// <summary>Name of the program, of its packages and of its command.</summary>
    public const string Name = "torchyard";

    /// <summary>The program that goes into images, beside the program.</summary>
    public const string Supervisor = "torchyard-supervisor";

    /// <summary>The server of 'torchyard mirror serve', beside the program.</summary>
    public const string Mirror = "torchyard-mirror";

    /// <summary>The machines that it is built for, as .NET names them.</summary>
    public const string Runtime = "linux-x64";
}

/// <summary>An expected failure; its message is for the person who makes the release.</summary>
internal sealed class ReleaseException(string message) : Exception(message);

/// <summary>A file of the release.</summary>
internal sealed record ReleaseFile(string Name, byte[] Content);
