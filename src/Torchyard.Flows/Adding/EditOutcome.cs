using System.Text.Json.Serialization;
using Torchyard.Flows.Locking;

namespace Torchyard.Flows.Adding;

/// <summary>A recipe and its lock after an edit.</summary>
internal sealed record EditOutcome
{
    /// <summary>The recipe.</summary>
    public required string Recipe { get; init; }

    /// <summary>Lines of it that went (<c>-</c>) and came (<c>+</c>).</summary>
    public required IReadOnlyList<string> Lines { get; init; }

    /// <summary>What is to be said about single packages.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The lock.</summary>
    public required LockOutcome Lock { get; init; }

    /// <summary>Size of all packages of the lock before, in bytes; null where there was none.</summary>
    public long? BytesBefore { get; init; }

    /// <summary>An environment of the project is running, and does not have the change yet.</summary>
    public required bool IsRunning { get; init; }
}

/// <summary>Source-generated JSON of the outcome.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(EditOutcome))]
internal sealed partial class EditJson : JsonSerializerContext;
