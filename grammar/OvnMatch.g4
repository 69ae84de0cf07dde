// The match language of ovn-sb(5), Logical_Flow, as far as ACLs use it. What a field is, which relations it admits and
// what a constant may be worth is decided in verify/ovn_match.cpp, so that messages can say why.
grammar OvnMatch;

whole : expression EOF ;

// Mixing && and || without parentheses is an error in OVN.
expression : operand ( ( AND operand )+ | ( OR operand )+ )? ;

// `!` binds only to what stands alone: a parenthesis, a bare field, 0 or 1.
operand
    : NOT? OPEN expression CLOSE
    | NOT? field
    | NOT? NUMBER
    | comparison
    ;

comparison
    : field RELATION constants
    | constants RELATION field ( RELATION constants )?
    ;

field : NAME ( '[' NUMBER ( '..' NUMBER )? ']' )? ;

constants : constant | '{' ( constant ','? )+ '}' ;

constant : NUMBER | STRING | ADDRESS_SET | PORT_GROUP ;

AND      : '&&' ;
OR       : '||' ;
NOT      : '!' ;
OPEN     : '(' ;
CLOSE    : ')' ;
RELATION : '==' | '!=' | '<' | '<=' | '>' | '>=' ;

STRING      : '"' ( '\\' . | ~["\\] )* '"' ;
ADDRESS_SET : '$' [a-zA-Z_.] [a-zA-Z_.0-9]* ;
PORT_GROUP  : '@' [a-zA-Z_.] [a-zA-Z_.0-9]* ;

// Decimal and hexadecimal numbers, IPv4, IPv6 and Ethernet addresses, each with an optional mask. A word is a number if
// it starts with a digit, with `::`, or with hexadecimal digits and a colon.
NUMBER
    : ( [0-9] CHARACTERS? | '::' CHARACTERS? | [a-fA-F] [0-9a-fA-F]* ':' CHARACTERS? ) DOTTED*
      ( '/' CHARACTERS? DOTTED* )?
    ;
NAME : [a-zA-Z_] [a-zA-Z_.0-9]* ;

fragment CHARACTERS : [0-9a-zA-Z:]+ ;
fragment DOTTED     : '.' [0-9a-zA-Z]+ ;

SPACE   : [ \t\n\r\u000B\f]+ -> skip ;
COMMENT : ( '//' ~[\n]* | '/*' ~[\n]*? '*/' ) -> skip ;
INVALID : . ;
