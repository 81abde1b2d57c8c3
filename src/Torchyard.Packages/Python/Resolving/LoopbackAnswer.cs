namespace Torchyard.Packages.Python.Resolving;

/// <summary>What <see cref="LoopbackServer"/> answers: a status with a body, or with a file.</summary>
internal sealed record LoopbackAnswer
{
    private const string Bytes = "application/octet-stream";

    /// <summary>There is nothing of that name.</summary>
    public static LoopbackAnswer NotThere { get; } = new() { Status = 404 };

    /// <summary>
    /// It cannot be had. This is final for pip; on a 5xx it would ask five times more, after Torchyard's own tries.
    /// </summary>
    public static LoopbackAnswer Refused { get; } = new() { Status = 403 };

    /// <summary>HTTP status.</summary>
    public required int Status { get; init; }

    /// <summary>Media type.</summary>
    public string Type { get; private init; } = Bytes;

    /// <summary>The body, unless it is a file.</summary>
    public ReadOnlyMemory<byte> Body { get; private init; }

    /// <summary>Path of the file that is the body; null for <see cref="Body"/>.</summary>
    public string? File { get; private init; }

    /// <summary>A body.</summary>
    public static LoopbackAnswer Of(ReadOnlyMemory<byte> body, string type = Bytes) =>
        new()
        {
            Status = 200,
            Type = type,
            Body = body,
        };

    /// <summary>A file.</summary>
    public static LoopbackAnswer OfFile(string path) => new() { Status = 200, File = path };
}
