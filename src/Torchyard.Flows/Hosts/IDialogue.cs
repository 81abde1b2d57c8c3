namespace Torchyard.Flows.Hosts;

/// <summary>The person in front of a flow: lines that are shown beside the result, and questions.</summary>
internal interface IDialogue
{
    /// <summary>Somebody is there to answer a question.</summary>
    bool CanAsk { get; }

    /// <summary>Shows a line that is not part of the result.</summary>
    void Say(string text);

    /// <summary>Asks a question that is answered by yes or no.</summary>
    /// <param name="question">Ends with the answers: <c>[y/N] </c>.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>True for yes; everything else is no.</returns>
    Task<bool> AskAsync(string question, CancellationToken cancellation);

    /// <summary>Leaves the terminal to another program, which is about to write to it.</summary>
    void StepAside();
}
