// Flows in words: one line of an assertion file, and the ends and traffic of the command line. The line comes without
// its comment, and holds printable ASCII and tabs only. What a word means is decided in verify/flow_parse.cpp, so that
// messages can say why. Blanks end a word: `app= tcp` is an empty value and a protocol.
grammar Flow;

wholeAssertion : verdict end ARROW end traffic EOF ;
wholeEnd : end EOF ;
wholeTraffic : traffic EOF ;

verdict : ALLOW | DENY ;

// `pod:shop/app=web,tier in (a,b),!old`: the first condition is part of the word that names the kind.
end : END list? ( COMMA condition )* ;
condition : word list? ;
list : ( IN | NOT_IN ) OPEN word ( COMMA word )* CLOSE ;

traffic : packets ( COMMA packets )* ;
packets : WORD ;               // any, tcp, tcp/80, udp/5000-6000, icmp/8

// Labels may have these names too.
word : WORD | ALLOW | DENY | IN | NOT_IN ;

ALLOW : 'allow' ;
DENY : 'deny' ;
IN : 'in' ;
NOT_IN : 'notin' ;
ARROW : '->' ;
COMMA : ',' ;
OPEN : '(' ;
CLOSE : ')' ;
// A `-` before a `>` belongs to an arrow.
END : PART* ':' ( PART | ':' )* ;
WORD : PART+ ;
fragment PART : '-'* ~[ \t,()>:\u002D] ;
SPACE : [ \t]+ -> skip ;
INVALID : . ;
