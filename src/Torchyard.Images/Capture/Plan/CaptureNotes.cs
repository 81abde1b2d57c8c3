namespace Torchyard.Images.Capture.Plan;

/// <summary>What the stages of planning have to tell the user, gathered as they go.</summary>
internal sealed class CaptureNotes
{
    /// <summary>What was taken from outside the environment.</summary>
    public List<Addition> Added { get; } = [];

    /// <summary>What was not taken.</summary>
    public List<Omission> LeftOut { get; } = [];

    /// <summary>What to know before relying on the image.</summary>
    public List<string> Warnings { get; } = [];
}
