namespace Torchyard.Reports.Tune;

/// <summary>An environment variable that suits this machine.</summary>
/// <param name="Name">Variable.</param>
/// <param name="Value">Value that is proposed; the present one where it is already set.</param>
/// <param name="Reason">Why.</param>
/// <param name="Present">Value that the user or the machine has set, which stays; null when it is not set.</param>
public sealed record TuneSetting(string Name, string Value, string Reason, string? Present = null);
