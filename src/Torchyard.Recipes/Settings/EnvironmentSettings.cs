namespace Torchyard.Recipes.Settings;

/// <summary>
/// Variables of the environment when it runs. They are not part of the image or the lock: what a recipe passes on may be a secret, and
/// another value needs no other image.
/// </summary>
public sealed record EnvironmentSettings
{
    /// <summary>Variables by name.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Variables of the user's that are passed on, by name alone.</summary>
    public IReadOnlyList<PassedVariable> Pass { get; init; } = [];

    /// <summary>True when it says nothing.</summary>
    public bool IsEmpty => Variables.Count == 0 && Pass.Count == 0;
}

/// <summary>A variable of the user's that is passed on.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Optional">It may be missing; written <c>NAME?</c>.</param>
public sealed record PassedVariable(string Name, bool Optional)
{
    /// <summary>As a recipe has it.</summary>
    public string Text => Optional ? Name + "?" : Name;
}
