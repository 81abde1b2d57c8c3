using Torchyard.Flows.Hosts;

namespace Torchyard.Flows.Tests.Hosts;

/// <summary>Answers questions as a test says, and keeps what was shown.</summary>
internal sealed class RecordingDialogue : IDialogue
{
    /// <summary>The answers, in order; null where nobody is there.</summary>
    public Queue<bool>? Answers { get; set; }

    public List<string> Lines { get; } = [];

    public List<string> Questions { get; } = [];

    public bool CanAsk => Answers is not null;

    public void Say(string text) => Lines.Add(text);

    public Task<bool> AskAsync(string question, CancellationToken cancellation)
    {
        Questions.Add(question);
        return Task.FromResult(Answers!.Dequeue());
    }

    public void StepAside() { }
}
