using System.Text.Json.Serialization;
using Torchyard.Containers.Launch;

namespace Torchyard.Flows.Starting;

/// <summary>What becomes of a change of the recipe while its environment runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ChangeState>))]
internal enum ChangeState
{
    /// <summary>In force now.</summary>
    [JsonStringEnumMemberName("applied")]
    Applied,

    /// <summary>Only a new container has it.</summary>
    [JsonStringEnumMemberName("needs_recreate")]
    NeedsRecreate,

    /// <summary>It could be in force now, but not as things are.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,
}

/// <summary>A difference between the recipe and its running environment.</summary>
internal sealed record EnvironmentChange
{
    /// <summary>What differs: a key of the recipe, or a mount.</summary>
    public required string What { get; init; }

    /// <summary>What the environment has; null for nothing.</summary>
    public required string? Running { get; init; }

    /// <summary>What the recipe says; null for nothing.</summary>
    public required string? Recipe { get; init; }

    /// <summary>What becomes of it.</summary>
    public required ChangeState State { get; init; }

    /// <summary>All of it as a line for people.</summary>
    public required string Text { get; init; }

    /// <summary>What became of a limit.</summary>
    public static EnvironmentChange Of(LimitOutcome limit) =>
        limit.Refusal is { } why
            ? new()
            {
                What = "limits." + limit.Name,
                Running = limit.Before,
                Recipe = limit.Wanted,
                State = ChangeState.Refused,
                Text = $"{limit.Name} {limit.Wanted}: {why}",
            }
            : new()
            {
                What = "limits." + limit.Name,
                Running = limit.Before,
                Recipe = limit.Wanted,
                State = ChangeState.Applied,
                Text = $"{limit.Name} {limit.Wanted}, was {limit.Before}",
            };

    /// <summary>A change that waits for a new container.</summary>
    public static EnvironmentChange Waiting(string what, string? running, string? recipe, string text) =>
        new()
        {
            What = what,
            Running = running,
            Recipe = recipe,
            State = ChangeState.NeedsRecreate,
            Text = text,
        };
}
